#!/usr/bin/env bash
# sbatch examples/cluster/slurm.sh plan.toml: a scheduler, 20 workers and the campaign in one job.
# The folder is on a disk that all nodes share; a job that is ended goes on when it is sent again.
#SBATCH --job-name=refnet
#SBATCH --ntasks=21
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
set -euo pipefail
plan=$1
export DASK_DISTRIBUTED__WORKER__DAEMON=False JAX_PLATFORMS=cpu
dask scheduler --port 8786 --interface "${INTERFACE:-ib0}" &
scheduler="tcp://$(hostname):8786"
srun --ntasks=20 --overlap dask worker "$scheduler" --nthreads 1 &
refnet campaign "$plan" --out out --resume --executor dask --scheduler "$scheduler"
