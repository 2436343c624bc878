"""5 · Production traffic becomes cases, alarms and routes."""
