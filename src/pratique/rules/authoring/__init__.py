"""What the writing of rules stands on: cases made from rules, judgements over them, and remarks."""
