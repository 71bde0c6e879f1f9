using System.Threading.Channels;
using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What all buckets of a user hold, as it is read beside the turns.</summary>
public sealed class UserUsageTests
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(10);
    private readonly FakeTime time = new();
    private TaskCompletionSource<QuotaAmount> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<string> begun = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task Commit_ThatAReadCameInBetween_IsNotCountedTwice_AndALaterOneIs()
    {
        var usage = Usage();
        Assert.Null(usage.Of("account:alice"));
        var since = usage.LastRead("account:alice");

        // The database has it, the read sees it, and only then does the owner hear of it.
        await AnsweredAsync(usage, new QuotaAmount(150, 2));
        usage.Add("account:alice", new QuotaAmount(50, 1), since);
        Assert.Equal(new QuotaAmount(150, 2), usage.Of("account:alice"));

        usage.Add("account:alice", new QuotaAmount(50, 1), usage.LastRead("account:alice"));
        Assert.Equal(new QuotaAmount(200, 3), usage.Of("account:alice"));
    }

    [Fact]
    public async Task Read_ThatFailsAnyhow_IsTriedAgain()
    {
        var usage = Usage();
        Assert.Null(usage.Of("account:alice"));
        await begun.Reader.ReadAsync();
        answer.SetException(new InvalidOperationException("Nobody has thought of this."));
        answer = new TaskCompletionSource<QuotaAmount>(TaskCreationOptions.RunContinuationsAsynchronously);

        await Eventually.HoldsAsync("read again", async () =>
        {
            time.Advance(Age);
            Assert.Null(usage.Of("account:alice"));
            await Task.Yield();
            return begun.Reader.TryPeek(out _);
        });
        await AnsweredAsync(usage, new QuotaAmount(1, 1));
    }

    private UserUsage Usage() => new(
        (user, _) =>
        {
            // Whoever hears that it has begun may have another answer ready for the next one.
            var mine = answer.Task;
            Assert.True(begun.Writer.TryWrite(user));
            return new ValueTask<QuotaAmount>(mine);
        },
        Age, time);

    private async Task AnsweredAsync(UserUsage usage, QuotaAmount amount)
    {
        await begun.Reader.ReadAsync();
        answer.SetResult(amount);
        await Eventually.HoldsAsync("known", async () =>
        {
            await Task.Yield();
            return usage.Of("account:alice") is not null;
        });
    }
}
