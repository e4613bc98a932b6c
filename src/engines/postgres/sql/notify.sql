-- hint: in a transaction of its own, never in one that enqueues, because notifying transactions
-- commit one after the other.
NOTIFY esteira_ready
