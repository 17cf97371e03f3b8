"""What the mesh is to be: workloads, their ports, and who may reach whom."""
