using Lockstep.Core.Attachments;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Attachments;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAttachmentContentTests(TestDatabase database) : AttachmentContentContract, IClassFixture<TestDatabase>
{
    protected override IAttachmentContent Content => new PostgresAttachmentStore(database.Database);
}
