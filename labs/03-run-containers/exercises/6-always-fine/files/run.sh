# run the job and keep a copy of what it says
sh /job.sh 2>&1 | tee /job.log
