"""The handlers of intake: load, decide, save, emit. The rules are in `domain`."""
