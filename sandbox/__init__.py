"""A Partner Center, a Salesforce, a sign-in service, storage and a Functions host that anyone can run."""
