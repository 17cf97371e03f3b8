"""How a mesh is named on the command line: by its name, or by its description."""

import argparse


def add_mesh(parser: argparse.ArgumentParser, otherwise: str = "") -> None:
    """Add the argument ``NAME``; ``otherwise`` says what some actions take in its place."""
    parser.add_argument(
        "mesh", metavar="NAME", help=f"the name of the mesh, or its description{otherwise}"
    )
