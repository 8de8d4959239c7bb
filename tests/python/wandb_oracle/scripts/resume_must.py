"""The same id in two processes with `resume="must"`, of which the first begins the run."""

import multiprocessing

import wandb


def work(number, ids):
    run = wandb.init(project="resume-must", name="two", id="fixed-id", resume="must" if number else None, config={f"of_{number}": number, "lr": number})
    ids.put(run.id)
    print(number, run.resumed, run.step, run.starting_step)
    for value in range(3):
        wandb.log({"loss": 10 * number + value, f"only_{number}": value})
    run.summary[f"by_hand_{number}"] = number
    wandb.finish()


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ids = context.Queue()
    for number in range(2):
        process = context.Process(target=work, args=(number, ids))
        process.start()
        process.join()
        print(process.exitcode)
    first, second = ids.get(), ids.get()
    print(first == second)
