"""Dockerfiles as builds: stages, variables, effective values, what each stage needs.

``build.evaluate`` walks a parsed file as BuildKit would build it, with every stage. Rules look at
the stages and steps that it gives; see ``stages``.
"""
