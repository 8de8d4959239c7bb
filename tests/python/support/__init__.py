"""What the suites share: data directories, trainers as processes, a server as a process, waiting."""
