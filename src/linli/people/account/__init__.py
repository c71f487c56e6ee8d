"""Account: how somebody proves who they are, and the sessions that remember it."""
