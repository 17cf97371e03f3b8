"""Fixes of Dockerfiles that are more than a word, by what they are about; rules offer them."""
