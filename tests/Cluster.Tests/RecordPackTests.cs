using System.Buffers.Binary;
using System.Text.Json;
using CsCheck;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Grains.Wire;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Lockstep.Cluster.Tests;

public sealed class RecordPackTests
{
    private static readonly Gen<StoredRecord> Shapes = Gen.Select(
        Gen.Char['!', '\u017f'].Array[1, 30].Select(static letters => new string(letters)),
        Gen.Long[0, 1L << 42],
        Gen.Bool,
        Gen.Frequency<int>((50, Gen.Int[0, 700]), (1, Gen.Int[100_000, 200_000])).Select(static size => Enumerable.Range(0, size).Select(static i => (byte)i).ToArray()),
        Gen.OneOf(null, "", "account:é"),
        Gen.OneOf(null, Array.Empty<byte>(), "[]"u8.ToArray()),
        Gen.Int.Nullable(),
        Gen.Long[0, 1L << 42].Nullable(),
        static (id, modified, isTombstone, body, author, acl, sortIndex, expiry) => new StoredRecord
        {
            Id = id,
            Modified = new ServerTimestamp(modified),
            IsTombstone = isTombstone,
            Body = body,
            Author = author,
            Acl = acl is null ? default(ReadOnlyMemory<byte>?) : acl,
            SortIndex = sortIndex,
            Expiry = expiry is { } at ? new ServerTimestamp(at) : null,
        });

    [Fact]
    public void Records_OfAllShapesAndSizes_ThereAndBack_AreTheSame() => Shapes.List[0, 200].Sample(static records =>
    {
        var packs = RecordPack.Pack(records);

        Assert.Equal(Describe(records), Describe(RecordPack.Unpack(packs)));

        // One is no large object for the garbage collector, unless a record alone is.
        Assert.True(packs.Count(static pack => pack.Length > 85_000) <= records.Count(static record => record.Body.Length > 60_000));
    });

    [Fact]
    public void Page_ThereAndBack_IsTheSame_AndFollowedByWhatFollowsIt()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        Shapes.List[0, 500].Sample(
            page =>
            {
                OutcomeSurrogate[] sent =
                [
                    new PageFoundSurrogate { Records = new RecordPage(page), Stamp = 7 },
                    new PageFoundSurrogate { Records = new RecordPage(page), Stamp = 8 },
                ];
                var back = serializer.Deserialize<OutcomeSurrogate[]>(serializer.SerializeToArray(sent))!.Cast<PageFoundSurrogate>().ToList();

                Assert.Equal([7, 8], back.Select(outcome => outcome.Stamp));
                Assert.All(back, outcome => Assert.Equal(Describe(page), Describe(outcome.Records.Records)));
            },
            iter: 20);
    }

    [Fact]
    public void None_ThereAndBack_IsNone() => Assert.Empty(RecordPack.Unpack(RecordPack.Pack([])));

    [Fact]
    public void WhatALaterVersionAdds_IsSkipped()
    {
        List<StoredRecord> records = [Record("a"), Record("b")];
        var pack = Assert.Single(RecordPack.Pack(records));
        var length = BinaryPrimitives.ReadInt32LittleEndian(pack);
        byte[] later = [.. pack[..(4 + length)], 1, 2, 3, .. pack[(4 + length)..]];
        BinaryPrimitives.WriteInt32LittleEndian(later, length + 3);

        Assert.Equal(Describe(records), Describe(RecordPack.Unpack([later])));
    }

    private static StoredRecord Record(string id) =>
        new() { Id = id, Modified = new(7), Body = "0123456789"u8.ToArray(), Author = "account:é", SortIndex = -1, Expiry = new(9) };

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
