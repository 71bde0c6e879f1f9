namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Where many who guess passwords are refused at once, they would ask again at once, and others would wait behind thousands of requests that are refused. Each refusal is
/// held for a moment, which costs a timer.
/// </summary>
public static class Tarpit
{
    /// <summary>Ends after <see cref="AccountOptions.RefusalTime"/> of the machine's clock.</summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public static Task HoldAsync(AccountOptions options, CancellationToken cancellationToken) =>
        options.RefusalTime > TimeSpan.Zero ? Task.Delay(options.RefusalTime, cancellationToken) : Task.CompletedTask;
}
