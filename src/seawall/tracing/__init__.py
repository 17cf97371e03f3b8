"""Seeing what a program opens, executes and calls. It imports nothing of ours."""
