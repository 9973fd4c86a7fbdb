"""Data of Pratique's policy lab, and no code: a Frictionless data package. README.md beside this file describes it."""
