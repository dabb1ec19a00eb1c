"""What the workloads move between the executors of a Spark cluster, by the number of events."""
