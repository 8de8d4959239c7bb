//! What to do about each finding.

use paceline_schema::status::Finding;

use crate::findings::{LOSS_DIVERGING, LOSS_NAN, LOSS_SPIKE, RANK_LOST, STALLED};

/// The same finding with what to do about it.
pub(crate) fn with_hint(finding: Finding) -> Finding {
    let is_over = finding.until_step.is_some();
    let Some(hint) = hint(&finding.code, is_over) else { return finding };
    Finding { hint: Some(hint.to_owned()), ..finding }
}

fn hint(code: &str, is_over: bool) -> Option<&'static str> {
    Some(match code {
        LOSS_NAN => {
            "stop; start again from a checkpoint before that step with a lower learning rate or clipped gradients, \
             and look at the data of that step"
        }
        LOSS_DIVERGING if !is_over => {
            "it seldom comes back by itself: stop, go back to the checkpoint near the best step, and lower the \
             learning rate 3 to 10 times or clip gradients"
        }
        LOSS_DIVERGING => {
            "look at the learning rate, the gradient norm and the data of these steps before the next run"
        }
        LOSS_SPIKE => {
            "harmless if single; if it comes again, look at the batch of that step, clip gradients or lower the \
             learning rate"
        }
        STALLED => {
            "look at the last lines of the console, and whether a data loader, a lock or another rank keeps it waiting"
        }
        RANK_LOST => "the others wait for it: stop the run and look at its last lines in the console",
        "loss_plateau" => {
            "it may have converged: look at an evaluation and stop early, or change the learning rate"
        }
        "loss_not_moving_from_start" => {
            "check that the parameters are trainable, that the optimizer has them, and that the learning rate is not \
             too small"
        }
        "overfitting" => {
            "use the checkpoint near the best evaluation; stop early, or add data or regularisation"
        }
        "grad_norm_spike" => "clip gradients (a norm of 1.0 is usual) and look at the batch of that step",
        "grad_vanishing" => {
            "nothing is learned: look for a detached graph, dead units, the loss scale, or labels that are all masked"
        }
        "lr_zero_early" => "the schedule ends before the run does: give it as many steps as the run has",
        "throughput_drop" => "look at data loading, other programs on the machine, throttling and swapping",
        "gpu_idle" => {
            "it waits for data or was never given the model: use more data workers, and check the device of the model"
        }
        "memory_near_limit" => "lower the batch size or the sequence length before it runs out",
        "reward_flat" => {
            "check the reward function on a few completions, then the learning rate and how hard the tasks are"
        }
        "reward_no_signal" => {
            "there is nothing to learn from: the prompts are all too hard, if the reward is low, or solved, if it is \
             high; change them, the temperature or the number of generations"
        }
        "kl_exploding" => {
            "lower the learning rate or raise beta, and go back to a checkpoint before that step"
        }
        "completions_clipped" => "allow longer completions, or reward shorter ones",
        "entropy_collapse" => {
            "exploration is gone: raise the temperature or the entropy bonus, or lower the learning rate"
        }
        "timeout_risk" => "save a checkpoint now; raise the time limit or lower the number of steps",
        "no_eval" => {
            "evaluate now and then, else overfitting cannot be seen; with transformers set `eval_strategy`"
        }
        _ => return None,
    })
}
