"""Everything on one machine: MongoDB, a broker, the services and their supervisor, as processes of this user.

    async with Stack(StackOptions(data=folder, broker="embedded")) as stack:
        async with Supervisor(stack) as supervisor:
            supervisor.settings.port_of("intake")
            supervisor.kill("dispatch-front")

Import from the modules (`tools.stack.stack`, `tools.stack.supervisor`): service processes start through this
package and must not load more than they run.
"""
