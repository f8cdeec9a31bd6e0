"""Where blocks go: MQTT now."""
