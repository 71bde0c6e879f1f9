using Lockstep.Core.Work;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Every password hash goes through this queue. Each keeps a core busy for long, so hashes must not take all cores, and nobody may keep others from signing in.
/// <list type="number">
/// <item>Sign-ins go first; new passwords wait behind all of them.</item>
/// <item>The order of sign-ins is: addresses with the fewest recent wrong passwords, then addresses from which somebody has signed in before,
/// then those that were served longest ago. New passwords go by user, or by address where nobody has signed in: those served longest ago go first.</item>
/// <item>No thread that serves requests hashes, and where all cores are busy those go first, unless <see cref="StartsTasks"/>: see <see cref="LongWork"/>.</item>
/// <item>The number of waiting calls is bounded and shared as <see cref="SharedBudget"/> says, and the time that they wait is bounded too.</item>
/// </list>
/// </summary>
/// <param name="places">Concurrent hashes.</param>
/// <param name="window">How long a wrong password counts.</param>
/// <param name="time">The clock.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "It is a queue, though no collection.")]
public sealed class HashQueue(int places, TimeSpan window, TimeProvider time)
{
    /// <summary>Sign-ins that are being hashed or wait for it.</summary>
    public const int MaxSignIns = 256;

    /// <summary>New passwords that are being hashed or wait for it.</summary>
    public const int MaxChanges = 64;

    /// <summary>How long a call waits at most.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private const int MaxParties = 10_000;

    private readonly SharedBudget signIns = new(MaxSignIns);
    private readonly SharedBudget changes = new(MaxChanges);
    private readonly Lock gate = new();
    private readonly List<Waiter> waiting = [];
    private readonly Dictionary<string, Party> parties = new(StringComparer.Ordinal);
    private int free = places;
    private long served;
    private long swept = time.GetTimestamp();

    /// <summary>Whether the hash starts tasks, which threads of lower priority must not. Default: no.</summary>
    public bool StartsTasks { get; init; }

    /// <summary>A place among the sign-ins of an address.</summary>
    /// <returns>Null when too many wait. Otherwise dispose it once the outcome is known.</returns>
    public Seat? TrySignIn(string address) => signIns.TryTake(address, 1) ? new Seat(this, signIns, address, isSignIn: true) : null;

    /// <summary>As <see cref="TrySignIn"/>, for a new password.</summary>
    /// <param name="who">The user, or the address where nobody has signed in.</param>
    public Seat? TryChange(string who) => changes.TryTake(who, 1) ? new Seat(this, changes, who, isSignIn: false) : null;

    private async ValueTask<bool> EnterAsync(string who, bool isSignIn, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (gate)
        {
            Forget();
            waiter = new Waiter(PartyOf(who), isSignIn);
            waiting.Add(waiter);
            Serve();
        }

        try
        {
            await waiter.Granted.Task.WaitAsync(Patience, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return !GiveUp(waiter);
        }
        catch (OperationCanceledException)
        {
            if (!GiveUp(waiter))
            {
                Leave();
            }

            throw;
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            free++;
            Serve();
        }
    }

    private void Ended(string who, bool isRight)
    {
        lock (gate)
        {
            var party = PartyOf(who);
            party.Failures += isRight ? 0 : 1;
            party.IsKnown |= isRight;
        }
    }

    /// <returns>False when the turn was granted meanwhile.</returns>
    private bool GiveUp(Waiter waiter)
    {
        lock (gate)
        {
            return waiting.Remove(waiter);
        }
    }

    private void Serve()
    {
        while (free > 0 && waiting.MinBy(static waiter => (!waiter.IsSignIn, waiter.IsSignIn ? waiter.Party.Failures : 0, !waiter.Party.IsKnown, waiter.Party.Served)) is { } next)
        {
            waiting.Remove(next);
            free--;
            next.Party.Served = ++served;
            next.Granted.TrySetResult();
        }
    }

    private Party PartyOf(string who) => parties.TryGetValue(who, out var party) ? party : parties[who] = new Party();

    private void Forget()
    {
        if (time.GetElapsedTime(swept) > window)
        {
            parties.Clear();
            swept = time.GetTimestamp();
        }
        else if (parties.Count > MaxParties)
        {
            // Keeps those that guessed most. Otherwise they could reset their count by coming from many addresses.
            foreach (var (who, _) in parties.OrderBy(static party => (party.Value.Failures, party.Value.IsKnown, party.Value.Served)).Take(MaxParties / 2).ToList())
            {
                parties.Remove(who);
            }
        }
    }

    /// <summary>The place of one hash. Not thread-safe.</summary>
    public sealed class Seat(HashQueue queue, SharedBudget seats, string who, bool isSignIn) : IDisposable
    {
        /// <summary>Waits for its turn and hashes.</summary>
        /// <returns>Null when it waited too long.</returns>
        /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
        public async ValueTask<T?> HashAsync<T>(Func<T> hash, CancellationToken cancellationToken)
            where T : class
        {
            if (!await queue.EnterAsync(who, isSignIn, cancellationToken))
            {
                return null;
            }

            try
            {
                return await LongWork.RunAsync("hash", hash, givesWay: !queue.StartsTasks);
            }
            finally
            {
                queue.Leave();
            }
        }

        /// <summary>As <see cref="HashAsync{T}"/>, to compare a password.</summary>
        public async ValueTask<bool?> VerifyAsync(Func<bool> verify, CancellationToken cancellationToken)
        {
            if (!await queue.EnterAsync(who, isSignIn, cancellationToken))
            {
                return null;
            }

            try
            {
                var isRight = await LongWork.RunAsync("hash", verify, givesWay: !queue.StartsTasks);
                queue.Ended(who, isRight);
                return isRight;
            }
            finally
            {
                queue.Leave();
            }
        }

        /// <summary>Reports the outcome of a sign-in whose hash was compared elsewhere.</summary>
        public void Ended(bool isRight) => queue.Ended(who, isRight);

        public void Dispose() => seats.Release(who, 1);
    }

    /// <summary>What the queue knows of an address or a user.</summary>
    private sealed class Party
    {
        public int Failures { get; set; }

        /// <summary>Whether a user has signed in from there.</summary>
        public bool IsKnown { get; set; }

        /// <summary>The number of the last hash; 0 for none.</summary>
        public long Served { get; set; }
    }

    private sealed class Waiter(Party party, bool isSignIn)
    {
        public Party Party => party;

        public bool IsSignIn => isSignIn;

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
