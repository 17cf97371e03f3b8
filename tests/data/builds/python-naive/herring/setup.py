from setuptools import setup

setup(name="herring", version="1.0", py_modules=["herring"])
