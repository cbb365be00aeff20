import os

# BLAS reads these once, when numpy is first imported. One thread per embedding: several run beside
# each other in a worker, and the database and the web process share the same cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("VECLIB_MAXIMUM_THREADS", "1")
