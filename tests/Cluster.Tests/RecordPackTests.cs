using System.Buffers.Binary;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Grains.Wire;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Lockstep.Cluster.Tests;

public sealed class RecordPackTests
{
    [Fact]
    public void Records_OfAllShapesAndSizes_ThereAndBack_AreTheSame()
    {
        var random = new Random(7);
        List<StoredRecord> records = [.. Enumerable.Range(0, 500).Select(i => Record(random, $"ŕ{i}", i switch { 100 => 200_000, 101 => 0, _ => random.Next(700) }))];

        var packs = RecordPack.Pack(records);

        Assert.Equal(Describe(records), Describe(RecordPack.Unpack(packs)));
        Assert.InRange(packs.Length, 3, 20);
        Assert.Equal(records.Sum(RecordPack.Size), packs.Sum(pack => pack.Length));
        Assert.Single(packs, pack => pack.Length > 85_000);
    }

    [Fact]
    public void Page_ThereAndBack_IsTheSame_AndFollowedByWhatFollowsIt()
    {
        var random = new Random(8);
        List<StoredRecord> records = [.. Enumerable.Range(0, 500).Select(i => Record(random, $"ŕ{i}", i switch { 100 => 200_000, 101 => 0, _ => random.Next(700) }))];
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();

        foreach (var page in (IReadOnlyList<StoredRecord>[])[records, [], [records[0]]])
        {
            OutcomeSurrogate[] sent =
            [
                new PageFoundSurrogate { Records = new RecordPage(page), Stamp = 7 },
                new PageFoundSurrogate { Records = new RecordPage(page), Stamp = 8 },
            ];
            var back = serializer.Deserialize<OutcomeSurrogate[]>(serializer.SerializeToArray(sent))!.Cast<PageFoundSurrogate>().ToList();

            Assert.Equal([7, 8], back.Select(outcome => outcome.Stamp));
            Assert.All(back, outcome => Assert.Equal(Describe(page), Describe(outcome.Records.Records)));
        }
    }

    [Fact]
    public void None_ThereAndBack_IsNone() => Assert.Empty(RecordPack.Unpack(RecordPack.Pack([])));

    [Fact]
    public void WhatALaterVersionAdds_IsSkipped()
    {
        List<StoredRecord> records = [Record(new Random(1), "a", 10), Record(new Random(2), "b", 10)];
        var pack = Assert.Single(RecordPack.Pack(records));
        var length = BinaryPrimitives.ReadInt32LittleEndian(pack);
        byte[] later = [.. pack[..(4 + length)], 1, 2, 3, .. pack[(4 + length)..]];
        BinaryPrimitives.WriteInt32LittleEndian(later, length + 3);

        Assert.Equal(Describe(records), Describe(RecordPack.Unpack([later])));
    }

    private static StoredRecord Record(Random random, string id, int size)
    {
        var body = new byte[size];
        random.NextBytes(body);
        return new()
        {
            Id = id,
            Modified = new ServerTimestamp(random.NextInt64(1L << 42)),
            IsTombstone = random.Next(2) == 0,
            Body = body,
            Author = random.Next(2) == 0 ? "account:é" : null,
            Acl = random.Next(3) switch { 0 => default(ReadOnlyMemory<byte>?), 1 => Array.Empty<byte>(), _ => "[]"u8.ToArray() },
            SortIndex = random.Next(2) == 0 ? random.Next() - (int.MaxValue / 2) : null,
            Expiry = random.Next(2) == 0 ? new ServerTimestamp(random.NextInt64(1L << 42)) : null,
        };
    }

    private static IEnumerable<string> Describe(IEnumerable<StoredRecord> records) => records.Select(record => JsonSerializer.Serialize(new
    {
        record.Id,
        record.Modified.Milliseconds,
        record.IsTombstone,
        Body = Convert.ToHexString(record.Body.Span),
        record.Author,
        Acl = record.Acl is { } acl ? Convert.ToHexString(acl.Span) : null,
        record.SortIndex,
        Expiry = record.Expiry?.Milliseconds,
    }));
}
