using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;

namespace Lockstep.Grains;

/// <summary>
/// Counts of all gateways together. Keys are digests under the cluster's secret, so that no address and no name lies in
/// the grains' storage.
/// </summary>
/// <param name="grains">Leads to the grains that count.</param>
/// <param name="joined">Ends when this process has joined the cluster; requests may come before.</param>
/// <param name="joinTime">How long a request waits for that.</param>
/// <param name="limits">How many failures are taken.</param>
/// <param name="secret">The cluster's.</param>
/// <param name="time">The clock.</param>
public sealed class GrainSignInThrottle(
    IGrainFactory grains, Task joined, TimeSpan joinTime, SignInLimits limits, ReadOnlyMemory<byte> secret, TimeProvider time) : ISignInThrottle
{
    public async ValueTask<TimeSpan> BeginAsync(string account, string address, CancellationToken cancellationToken)
    {
        var wait = await AskAsync(() => Pair(account, address).BeginAsync(limits.Failures, limits.Window));
        if (wait > TimeSpan.Zero)
        {
            return wait;
        }

        wait = await AskAsync(() => Address(address).BeginAsync(limits.FailuresPerAddress, limits.Window));
        if (wait > TimeSpan.Zero)
        {
            await AskAsync(() => EndAsync(Pair(account, address), SignInResult.Passed));
        }

        return wait;
    }

    public async ValueTask EndAsync(string account, string address, bool right)
    {
        await AskAsync(() => EndAsync(Pair(account, address), right ? SignInResult.Cleared : SignInResult.Failed));
        await AskAsync(() => EndAsync(Address(address), right ? SignInResult.Passed : SignInResult.Failed));
    }

    private async Task<bool> EndAsync(ISignInGrain grain, SignInResult result)
    {
        await grain.EndAsync(result, limits.Window);
        return true;
    }

    private ISignInGrain Pair(string account, string address) => Grain($"{address} {account}");

    private ISignInGrain Address(string address) => Grain(address);

    private ISignInGrain Grain(string key) =>
        grains.GetGrain<ISignInGrain>(Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes($"sign-in {key}"))));

    /// <summary>Refused by default: without the counts nobody signs in whose password was not known already.</summary>
    private async ValueTask<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            await joined.WaitAsync(joinTime, time);
            return await ask();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever the grain's storage throws comes through here.
            throw new StoreUnavailableException($"Failed sign-ins cannot be counted: {e.Message}", e);
        }
    }
}
