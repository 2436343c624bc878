"""One turn of the flywheel, stage by stage; the commands parse and print."""
