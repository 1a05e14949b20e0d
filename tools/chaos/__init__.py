"""Chaos: processes are killed under load; then a checker without any code of the services looks for harm."""
