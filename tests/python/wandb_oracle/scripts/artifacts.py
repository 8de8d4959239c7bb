"""Artifacts made of files, folders, new files and objects."""

import os

import wandb

run = wandb.init(project="artifacts", job_type="upload")
os.makedirs("data/sub", exist_ok=True)
for name in ("data/a.txt", "data/sub/b.txt", "model.pt"):
    with open(name, "w") as file:
        file.write(name)
artifact = wandb.Artifact("dataset", type="dataset", description="d", metadata={"rows": 2})
artifact.add_dir("data")
artifact.add_file("model.pt", name="weights/model.pt")
with artifact.new_file("notes.txt", mode="w") as file:
    file.write("hello")
artifact.add_reference("https://example.com/x.bin", checksum=False)
artifact.metadata["more"] = 1
print(artifact.name, artifact.type, artifact.description, artifact.metadata)
logged = run.log_artifact(artifact, aliases=["best", "latest"])
print(logged.name, logged.type)
saved = wandb.save("model.pt")
wandb.log({"done": 1})
run.log_model("model.pt", name="my-model") if hasattr(run, "log_model") else None
wandb.finish()
