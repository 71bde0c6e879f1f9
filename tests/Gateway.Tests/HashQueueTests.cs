using Lockstep.Gateway.Accounts;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Tests;

/// <summary>Who is hashed in which turn.</summary>
public sealed class HashQueueTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly FakeTime time = new();
    private readonly List<string> order = [];
    private readonly HashQueue queue;

    public HashQueueTests() => queue = new HashQueue(1, TimeSpan.FromMinutes(5), time);

    [Fact]
    public async Task SignIns_GoBeforeNewPasswords()
    {
        var held = await HoldAsync();
        var changes = Enumerable.Range(0, 5).Select(i => ChangeAsync($"user{i}")).ToList();
        var signIn = SignInAsync("10.0.0.1", isRight: true);

        held.Open.SetResult();
        await Task.WhenAll([.. changes, signIn, held.Task]).WaitAsync(Deadline);

        Assert.Equal("10.0.0.1", order[0]);
        Assert.Equal(6, order.Count);
    }

    /// <summary>Whatever lay on the queue of a thread that hashed again and again would wait for as long as others guess.</summary>
    [Fact]
    public async Task Hash_IsNotDoneByAThreadThatServesRequests()
    {
        using var seat = queue.TrySignIn("10.0.0.1")!;

        Assert.False(await seat.VerifyAsync(static () => Thread.CurrentThread.IsThreadPoolThread, CancellationToken.None));
        Assert.Equal("no", await seat.HashAsync(static () => Thread.CurrentThread.IsThreadPoolThread ? "yes" : "no", CancellationToken.None));
    }

    /// <summary>The ones with wrong passwords wait for each other, and nobody else for them.</summary>
    [Fact]
    public async Task SignIn_FromAnotherAddress_FindsAPlaceAmongEightyThatGuess_AndGoesFirst()
    {
        for (var i = 0; i < 80; i++)
        {
            await SignInAsync($"10.0.0.{i}", isRight: false).WaitAsync(Deadline);
        }

        order.Clear();
        var held = await HoldAsync();
        var guesses = new List<Task>();
        var refused = 0;
        for (var round = 0; round < 10; round++)
        {
            for (var i = 0; i < 80; i++)
            {
                var guess = SignInAsync($"10.0.0.{i}", isRight: false);
                refused += guess is { IsCompletedSuccessfully: true, Result: null } ? 1 : 0;
                guesses.Add(guess);
            }
        }

        var signIn = SignInAsync("10.1.1.1", isRight: true);
        held.Open.SetResult();

        Assert.InRange(refused, 1, 799);
        Assert.True(await signIn.WaitAsync(Deadline));
        await Task.WhenAll([.. guesses, held.Task]).WaitAsync(Deadline);
        Assert.Equal("10.1.1.1", order[0]);
    }

    /// <summary>Before any of them was wrong.</summary>
    [Fact]
    public async Task SignIn_FromWhereSomebodySignedInBefore_GoesBeforeAddressesThatNobodyKnows()
    {
        Assert.True(await SignInAsync("10.1.1.1", isRight: true).WaitAsync(Deadline));
        order.Clear();
        var held = await HoldAsync();
        var guesses = Enumerable.Range(0, 40).Select(i => SignInAsync($"10.0.0.{i}", isRight: false)).ToList();
        var signIn = SignInAsync("10.1.1.1", isRight: true);

        held.Open.SetResult();
        await Task.WhenAll([.. guesses, signIn, held.Task]).WaitAsync(Deadline);

        Assert.Equal("10.1.1.1", order[0]);
    }

    [Fact]
    public async Task Guesses_AreRemembered_HoweverManyAddressesComeAfterThem()
    {
        await SignInAsync("10.0.0.1", isRight: false).WaitAsync(Deadline);
        for (var i = 0; i < 12_000; i++)
        {
            await SignInAsync($"other{i}", isRight: true).WaitAsync(Deadline);
        }

        order.Clear();
        var held = await HoldAsync();
        var guess = SignInAsync("10.0.0.1", isRight: false);
        var signIn = SignInAsync("10.1.1.1", isRight: true);
        held.Open.SetResult();
        await Task.WhenAll(guess, signIn, held.Task).WaitAsync(Deadline);

        Assert.Equal("10.1.1.1", order[0]);
    }

    [Fact]
    public async Task NewPasswords_OfOneUser_AreBounded_AndLeaveOthersTheirTurn()
    {
        var held = await HoldAsync();
        var changes = Enumerable.Range(0, 500).Select(_ => ChangeAsync("mallory")).ToList();
        var other = ChangeAsync("alice");

        Assert.Equal(500 - (HashQueue.MaxChanges / 4), changes.Count(static change => change is { IsCompletedSuccessfully: true, Result: null }));
        held.Open.SetResult();
        Assert.NotNull(await other.WaitAsync(Deadline));
        await Task.WhenAll([.. changes, held.Task]).WaitAsync(Deadline);
        Assert.InRange(order.IndexOf("alice"), 0, 1);
    }

    [Fact]
    public async Task WhoWaitsTooLong_IsToldSo_AndTakesNoTurn()
    {
        var held = await HoldAsync();
        var late = SignInAsync("10.0.0.1", isRight: true);

        time.Advance(HashQueue.Patience);
        Assert.Null(await late.WaitAsync(Deadline));
        held.Open.SetResult();
        await held.Task.WaitAsync(Deadline);

        Assert.Empty(order);
        Assert.True(await SignInAsync("10.0.0.1", isRight: true).WaitAsync(Deadline));
    }

    /// <summary>The one place, until it is let go.</summary>
    private async Task<(TaskCompletionSource Open, Task Task)> HoldAsync()
    {
        var (entered, open) = (NewSource(), NewSource());
        var seat = queue.TrySignIn("first")!;
        var task = HashAsync();
        await entered.Task.WaitAsync(Deadline);
        return (open, task);

        async Task HashAsync()
        {
            using (seat)
            {
                await seat.VerifyAsync(
                    () =>
                    {
                        entered.SetResult();
                        open.Task.Wait();
                        return true;
                    },
                    CancellationToken.None);
            }
        }
    }

    private async Task<bool?> SignInAsync(string address, bool isRight)
    {
        using var seat = queue.TrySignIn(address);
        return seat is null ? null : await seat.VerifyAsync(() => Hashed(address) && isRight, CancellationToken.None);
    }

    private async Task<string?> ChangeAsync(string user)
    {
        using var seat = queue.TryChange(user);
        return seat is null ? null : await seat.HashAsync(() => Hashed(user) ? "hash" : "", CancellationToken.None);
    }

    /// <summary>One at a time: the queue has one place.</summary>
    private bool Hashed(string who)
    {
        order.Add(who);
        return true;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
