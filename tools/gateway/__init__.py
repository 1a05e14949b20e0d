"""Where messages go on one machine: a mailbox (SMTP) and a text-message gateway (HTTP), real and local."""
