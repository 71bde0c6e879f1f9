using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>One method of a resource.</summary>
/// <param name="Access">The credentials that it accepts.</param>
/// <param name="Handler">Answers a request.</param>
internal sealed record AccountEndpoint(AccountAccess Access, Func<AccountServices, AccountRequest, CancellationToken, ValueTask<Answer>> Handler);
