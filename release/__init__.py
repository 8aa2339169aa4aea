"""From a checkout to what is deployed: the files, the wheels, the package, and what an auditor asks about them."""
