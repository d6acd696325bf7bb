"""What is measured, and against what: each module gives its figures as `measured()`, `catalog` lists them."""
