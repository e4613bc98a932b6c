-- listen
LISTEN esteira_ready
