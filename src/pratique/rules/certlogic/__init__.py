"""CertLogic 1.3.3: the language in which destinations publish their rules.

    JSON -> parse -> Expression -> evaluate -> value | Open
                               -> variables.check, describe

1. An expression is checked once, when it is read; an evaluation never raises, and is bounded.
2. One engine asks for everybody: the desk, the holder, the author of a rule, the runner of the suite.
"""
