-- What a worker is told at its next heartbeat: 0 run, 1 quiet, 2 stop.
ALTER TABLE esteira.task_workers ADD COLUMN command integer NOT NULL DEFAULT 0;
