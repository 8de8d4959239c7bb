"""Logging from threads, one after the other."""

import threading

import wandb

run = wandb.init(project="threads")


def work(number):
    for index in range(5):
        wandb.log({f"worker{number}": index})


threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
    thread.join()
print(run.step)
wandb.finish()
