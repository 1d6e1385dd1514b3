"""What tests of several rooms share, typed once."""
