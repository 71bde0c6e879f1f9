using Lockstep.Core.Attachments;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Attachments;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAttachmentStoreTests(TestDatabase database) : AttachmentStoreContract, IClassFixture<TestDatabase>
{
    protected override IAttachmentStore Store => new PostgresAttachmentStore(database.Database);
}
