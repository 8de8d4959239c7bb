"""Projects deleted from Python."""

from __future__ import annotations

from trackio._program import ProgramError, ask_data


def delete_project(project: str, force: bool = False) -> bool:
    """Deletes a project with its runs, media and artifacts, after a question at the terminal unless `force`.

    Gives whether it was deleted; trouble is printed. Source: the peer's `trackio.delete_project`.
    """
    try:
        runs = len(ask_data("runs", project))
        if not force:
            answer = input(f"Delete project `{project}` with its {runs} run(s), media and artifacts for good? (y/N): ")
            if answer.strip().lower() not in ("y", "yes"):
                print(f"* Project `{project}` is kept.")
                return False
        ask_data("delete_project", project)
    except (ProgramError, RuntimeError) as error:
        print(f"* Project `{project}` is not deleted: {error}")
        return False
    print(f"* Project `{project}` is deleted.")
    return True
