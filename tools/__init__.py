"""Small programs that keep the house; none of them is part of the package."""
