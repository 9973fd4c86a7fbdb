"""The wire API of the EU's and WHO's gateways: what a national back end sends and gets, and no key that signs for it."""
