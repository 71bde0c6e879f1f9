using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>One method of a resource.</summary>
/// <param name="Access">What opens it.</param>
/// <param name="Handler">What is done.</param>
internal sealed record AccountEndpoint(AccountAccess Access, Func<AccountServices, AccountRequest, CancellationToken, ValueTask<Answer>> Handler);
