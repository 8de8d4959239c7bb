"""Processes that each have a run of their own."""

import multiprocessing

import wandb


def work(number):
    with wandb.init(project="children", name=f"worker-{number}", group="pool", config={"number": number}) as run:
        for step in range(3):
            run.log({"value": number * 10 + step})


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    for number in range(2):
        process = context.Process(target=work, args=(number,))
        process.start()
        process.join()
        print(process.exitcode)
