using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;
using Lockstep.Grains.Wire;

namespace Lockstep.Grains;

/// <summary>
/// Counts shared by all gateways. Keys are digests under the cluster's secret, so the grains' storage has no addresses or
/// names.
/// </summary>
/// <param name="grains">The route to the counting grains.</param>
/// <param name="joined">Completes when this process has joined the cluster; requests may come before.</param>
/// <param name="joinTime">How long a request waits for that.</param>
/// <param name="limits">The numbers of failures that are accepted.</param>
/// <param name="secret">The cluster's secret.</param>
/// <param name="time">The clock.</param>
public sealed class GrainSignInThrottle(
    IGrainFactory grains, Task joined, TimeSpan joinTime, SignInLimits limits, ReadOnlyMemory<byte> secret, TimeProvider time) : ISignInThrottle
{
    public async ValueTask<SignInPermit> BeginAsync(SignInTry attempt, CancellationToken cancellationToken)
    {
        var own = attempt.Limits ?? limits;
        try
        {
            var permit = await AskAsync(() => BeginAsync(Pair(attempt), attempt.Id, own.Failures, own.Window));
            if (permit.IsGranted)
            {
                permit = await AskAsync(() => BeginAsync(Address(attempt), attempt.Id, own.FailuresPerAddress, own.Window));
                if (!permit.IsGranted)
                {
                    await AskAsync(() => EndAsync(Pair(attempt), attempt.Id, SignInResult.Passed, own.Window));
                }
            }

            return permit;
        }
        catch (StoreUnavailableException) when (joined.IsCompletedSuccessfully)
        {
            // The try may have begun, and only the answer was lost. Nobody waits for this; the try also ends by itself, only later.
            _ = LetGoAsync(attempt);
            throw;
        }
    }

    /// <summary>Both counts at once: one after the other, a failure of the first would skip the second.</summary>
    public async ValueTask EndAsync(SignInTry attempt, SignInVerdict verdict)
    {
        var window = (attempt.Limits ?? limits).Window;
        var pair = AskAsync(() => EndAsync(Pair(attempt), attempt.Id, verdict switch
        {
            SignInVerdict.Right => SignInResult.Cleared,
            SignInVerdict.Wrong => SignInResult.Failed,
            _ => SignInResult.Passed,
        }, window));
        var address = AskAsync(() => EndAsync(
            Address(attempt), attempt.Id, verdict == SignInVerdict.Wrong ? SignInResult.Failed : SignInResult.Passed, window));
        await Task.WhenAll(pair, address);
    }

    /// <summary>A silo of 0.1.0 or 0.2.0 does not know names of tries, and cannot even read the call.</summary>
    private static async Task<SignInPermit> BeginAsync(ISignInGrain grain, Guid attempt, int limit, TimeSpan window)
    {
        try
        {
            var answer = await grain.TryAsync(attempt, limit, window);
            return new SignInPermit(answer.Wait, answer.IsBusy);
        }
        catch (Exception e) when (WireVersion.IsUnknownCall(e))
        {
            return new SignInPermit(await grain.BeginAsync(limit, window), IsBusy: false);
        }
    }

    private static async Task<bool> EndAsync(ISignInGrain grain, Guid attempt, SignInResult result, TimeSpan window)
    {
        try
        {
            await grain.DecideAsync(attempt, result, window);
        }
        catch (Exception e) when (WireVersion.IsUnknownCall(e))
        {
            await grain.EndAsync(result, window);
        }

        return true;
    }

    private async Task LetGoAsync(SignInTry attempt)
    {
        var window = (attempt.Limits ?? limits).Window;
        try
        {
            await Task.WhenAll(
                Pair(attempt).DecideAsync(attempt.Id, SignInResult.Passed, window),
                Address(attempt).DecideAsync(attempt.Id, SignInResult.Passed, window));
        }
        catch (Exception)
        {
            // Like the call before it, which has told its caller.
        }
    }

    private ISignInGrain Pair(SignInTry attempt) => Grain($"{attempt.Address} {attempt.Account}");

    private ISignInGrain Address(SignInTry attempt) => Grain(attempt.Address);

    private ISignInGrain Grain(string key) =>
        grains.GetGrain<ISignInGrain>(Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes($"sign-in {key}"))));

    /// <summary>Refuses by default: without the counts, only users whose passwords are cached can sign in.</summary>
    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            await joined.WaitAsync(joinTime, time);
            return await ask();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Anything that the grain's storage throws arrives here.
            throw new StoreUnavailableException($"Failed sign-ins cannot be counted: {e.Message}", e);
        }
    }
}
