"""CertLogic 1.3.3: the language in which destinations publish their rules.

    JSON -> parse -> Expression -> interpret | compile_rules -> value | Open
                               -> variables.check, describe

1. An expression is checked once, when it is read; an evaluation never raises, and is bounded.
2. Two engines give the same outcome: a small one to be read, a generated one to be fast.
"""
