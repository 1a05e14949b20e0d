"""Reports of dispatch (P032, P033, P031): pure computing over rows of slips and callbacks."""
