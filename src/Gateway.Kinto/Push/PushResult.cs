namespace Lockstep.Gateway.Kinto.Push;

/// <param name="Status">What became of the notice.</param>
/// <param name="RetryAfter">How long the push service wants to be left alone; null where it does not say.</param>
/// <param name="Reason">For a person; empty where there is nothing to say.</param>
internal sealed record PushResult(PushStatus Status, TimeSpan? RetryAfter = null, string Reason = "");
