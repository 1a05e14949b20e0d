"""Everything on one machine: MongoDB, a broker, the services and their supervisor, as processes of this user.

async with Stack(StackOptions(data=folder, broker="embedded")) as stack:
    async with Supervisor(stack) as supervisor:
        supervisor.settings.port_of("intake")
        supervisor.kill("dispatch-front")
"""

from tools.stack.machine import running_settings
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor

__all__ = ["Stack", "StackOptions", "Supervisor", "running_settings"]
