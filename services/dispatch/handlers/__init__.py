"""What dispatch does about each command, event and timer: load, decide, save, emit."""
