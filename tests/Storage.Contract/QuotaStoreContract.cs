using Lockstep.Core.Quotas;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IQuotaStore"/> must do. Each engine inherits it.</summary>
public abstract class QuotaStoreContract
{
    private const int Most = 1_000;
    private static readonly ServerTimestamp Now = new(1_000);

    protected abstract IQuotaStore Quotas { get; }

    [Theory]
    [InlineData("/users/account:alice", 5L, null)]
    [InlineData("/users/corp:a/b c", null, 0L)]
    [InlineData("/buckets/team", 9_000_000_000L, 7L)]
    [InlineData("/buckets/u:team/collections/log", 0L, 0L)]
    public async Task Put_IsThereAsItWasSaid_AndReplacesWhatWasRead(string subject, long? bytes, long? records)
    {
        var quota = new Quota(Subject(subject), bytes, records);
        Assert.Null(await Quotas.FindAsync(quota.Subject, default));

        var (change, stored) = await Quotas.PutAsync(quota, read: null, Most, Now, default);

        Assert.Equal((QuotaChange.Done, quota), (change, stored! with { Modified = default }));
        Assert.Equal(stored, await Quotas.FindAsync(quota.Subject, default));
        Assert.Contains(stored, (await Quotas.ListAsync(default)).Quotas);

        var (again, replaced) = await Quotas.PutAsync(quota with { Bytes = 1, Records = null }, stored, Most, Now, default);

        Assert.Equal((QuotaChange.Done, 1L, null), (again, replaced!.Bytes, replaced.Records));
        Assert.Equal(replaced, await Quotas.FindAsync(quota.Subject, default));
    }

    [Fact]
    public async Task Put_OfWhatIsNotAsItWasRead_ChangesNothing()
    {
        var quota = new Quota(New(), 1, 1);
        var first = (await Quotas.PutAsync(quota, read: null, Most, Now, default)).Stored!;
        var second = (await Quotas.PutAsync(quota with { Bytes = 2 }, first, Most, Now, default)).Stored!;
        var stamp = await Quotas.StampAsync(default);

        Assert.Equal(QuotaChange.ReadAgain, (await Quotas.PutAsync(quota with { Bytes = 3 }, read: null, Most, Now, default)).Change);
        Assert.Equal(QuotaChange.ReadAgain, (await Quotas.PutAsync(quota with { Bytes = 3 }, first, Most, Now, default)).Change);
        Assert.Equal(QuotaChange.ReadAgain, (await Quotas.PutAsync(quota with { Subject = New() }, first, Most, Now, default)).Change);
        Assert.Null(await Quotas.RemoveAsync(first, Now, default));

        Assert.Equal(second, await Quotas.FindAsync(quota.Subject, default));
        Assert.Equal(stamp, await Quotas.StampAsync(default));
    }

    [Fact]
    public async Task Remove_TakesItAway_AndIsAChange()
    {
        var stored = (await Quotas.PutAsync(new Quota(New(), 1, 1), read: null, Most, Now, default)).Stored!;

        var removed = await Quotas.RemoveAsync(stored, Now, default);

        Assert.True(removed > stored.Modified);
        Assert.Equal(removed, await Quotas.StampAsync(default));
        Assert.Null(await Quotas.FindAsync(stored.Subject, default));
        Assert.Null(await Quotas.RemoveAsync(stored, Now, default));
        Assert.DoesNotContain((await Quotas.ListAsync(default)).Quotas, quota => quota.Subject == stored.Subject);
    }

    [Fact]
    public async Task Stamps_RiseWithEachChange_WhateverTheClockSays()
    {
        var first = (await Quotas.PutAsync(new Quota(New(), 1, 1), read: null, Most, new ServerTimestamp(5_000_000), default)).Stored!;
        var second = (await Quotas.PutAsync(new Quota(New(), 1, 1), read: null, Most, new ServerTimestamp(1), default)).Stored!;

        Assert.True(first.Modified >= new ServerTimestamp(5_000_000));
        Assert.Equal(first.Modified.Plus(1), second.Modified);
        var list = await Quotas.ListAsync(default);
        Assert.Equal((second.Modified, second.Modified), (list.Stamp, await Quotas.StampAsync(default)));
        Assert.Equal(list.Quotas.Select(static quota => quota.Subject.Text).Order(StringComparer.Ordinal), list.Quotas.Select(static quota => quota.Subject.Text));
    }

    [Fact]
    public async Task Put_OfMoreThanMayBe_IsRefused_AndAChangeOfOneThatIsThere_IsNot()
    {
        var stored = (await Quotas.PutAsync(new Quota(New(), 1, 1), read: null, Most, Now, default)).Stored!;
        var most = (await Quotas.ListAsync(default)).Quotas.Count;

        Assert.Equal((QuotaChange.Full, null), await Quotas.PutAsync(new Quota(New(), 1, 1), read: null, most, Now, default));
        Assert.Equal(QuotaChange.Done, (await Quotas.PutAsync(stored with { Bytes = 2 }, stored, most, Now, default)).Change);
        Assert.Equal(most, (await Quotas.ListAsync(default)).Quotas.Count);
    }

    [Fact]
    public async Task Put_OfOneByManyAtOnce_OneGetsIt()
    {
        var subject = New();

        var done = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => (await Quotas.PutAsync(new Quota(subject, i, 1), read: null, Most, Now, default)).Change)));

        Assert.Single(done, QuotaChange.Done);
        Assert.Equal(15, done.Count(static change => change == QuotaChange.ReadAgain));
    }

    private static QuotaSubject Subject(string text) => QuotaSubject.Parse(text)!;

    private static QuotaSubject New() => Subject($"/buckets/{Guid.NewGuid():N}");
}
