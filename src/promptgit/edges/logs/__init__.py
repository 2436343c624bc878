"""The folder that log lines lie in: one file a day and writer, closed when the day is over."""

from promptgit.edges.logs.folder import LogFile, LogFolder, Reading
from promptgit.edges.logs.place import LOGS, logs_folder

__all__ = ["LOGS", "LogFile", "LogFolder", "Reading", "logs_folder"]
